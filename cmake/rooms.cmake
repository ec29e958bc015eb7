# A room is one folder, one namespace, one static library. ara_room(NAME rooms… [PARTS libraries…])
# names the rooms it may include, and no others: the tidy test reads these lines and checks every
# #include against them.
function(ara_room name)
  cmake_parse_arguments(ROOM "" "" "PARTS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp)
  add_library(ara_${name} STATIC ${sources})
  target_include_directories(ara_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  foreach(lower ${ROOM_UNPARSED_ARGUMENTS})
    target_link_libraries(ara_${name} PUBLIC ara_${lower})
  endforeach()
  target_link_libraries(ara_${name} PUBLIC ${ROOM_PARTS})
endfunction()
