#pragma once

namespace ara::serve {

/// Makes the calling thread one that runs only where no other thread of the process wants the core
/// (Linux's SCHED_IDLE): an event loop that wakes takes the core from it at once, which a mere
/// nice value does not promise. In a container the competition is within the container alone.
void run_in_background();

}  // namespace ara::serve
