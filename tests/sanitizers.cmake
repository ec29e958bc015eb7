# The same test programs under sanitizers, and the fuzz targets, as tests of the release tree: one
# ctest runs everything. `./dev test` builds the other presets first; asan is clang's, which takes two
# thirds of GCC's time and can fuzz, so that one build serves both.

# Under ThreadSanitizer only what has threads of ours: these rooms have none, and their numbers take
# long. (Training has libxgboost's, which are not built for the sanitizer and so look like races.)
set(single_threaded backtest base config domain evaluation features golden ingest models portfolio training)
set(threaded ${test_programs})
list(REMOVE_ITEM threaded ${single_threaded})

# What `./dev test` builds of a preset.
set(wanted ${test_programs})
if(ARA_SANITIZE STREQUAL "thread")
  set(wanted ${threaded})
endif()
list(TRANSFORM wanted PREPEND test_)
add_custom_target(tests DEPENDS ara ${wanted})

# What draws or fits thousands of times for a figure's sake passes the same code each time: once,
# without a sanitizer, is enough.
set(statistical "Models/Seasonal.*" Series.IntervalsHoldWhatTheyPromise BacktestTail.OfIndependent*
                ValueAtRisk.*)
list(JOIN statistical ":" statistical)

if(NOT ARA_SANITIZE)
  foreach(sanitizer asan tsan)
    set(programs ${test_programs})
    if(sanitizer STREQUAL "tsan")
      set(programs ${threaded})
    endif()
    foreach(program ${programs})
      add_test(NAME ${sanitizer}.${program}
               COMMAND ${PROJECT_SOURCE_DIR}/build/${sanitizer}/bin/test_${program}
                       --gtest_brief=1 "--gtest_filter=-${statistical}")
      set_tests_properties(${sanitizer}.${program} PROPERTIES ENVIRONMENT "${test_env}" TIMEOUT 900
                           LABELS ${sanitizer} COST 100)
    endforeach()
    # The whole server, under whatever its clients may do at once.
    set(env "${test_env}")
    list(TRANSFORM env REPLACE "^ARA_BIN=.*" "ARA_BIN=${PROJECT_SOURCE_DIR}/build/${sanitizer}/bin/ara")
    add_test(NAME ${sanitizer}.mixed COMMAND ${Python3_EXECUTABLE} integration/mixed_test.py -v)
    set_tests_properties(${sanitizer}.mixed PROPERTIES ENVIRONMENT "${env}" TIMEOUT 900
                         WORKING_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}
                         LABELS ${sanitizer} RESOURCE_LOCK server COST 200)
  endforeach()

  file(GLOB targets RELATIVE ${PROJECT_SOURCE_DIR}/fuzz CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/fuzz/*.cpp)
  foreach(target ${targets})
    cmake_path(GET target STEM stem)
    add_test(NAME fuzz.${stem} COMMAND bash ${PROJECT_SOURCE_DIR}/scripts/fuzz.sh asan ${stem})
    set_tests_properties(fuzz.${stem} PROPERTIES TIMEOUT 300 LABELS fuzz)
  endforeach()
endif()
