#include "serve/background.h"

#include <pthread.h>
#include <sched.h>

namespace ara::serve {

void run_in_background() {
  const sched_param none{};
  // A kernel that refuses leaves the thread as it was: slower for others, never wrong.
  (void)pthread_setschedparam(pthread_self(), SCHED_IDLE, &none);
}

}  // namespace ara::serve
