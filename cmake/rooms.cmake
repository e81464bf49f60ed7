# phantom_room(NAME DEPS...): the library of src/NAME from all its .cc files, linked to the rooms and libraries it uses.
# Which room may include which is tools/layers.txt, checked by tools/check_layers.
function(phantom_room name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cc
       ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*/*.cc)
  list(FILTER sources EXCLUDE REGEX "/main\\.cc$")
  if(NOT sources)
    add_library(phantom_${name} INTERFACE)
    target_include_directories(phantom_${name} INTERFACE ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(phantom_${name} INTERFACE ${ARGN})
    return()
  endif()
  add_library(phantom_${name} STATIC ${sources})
  target_include_directories(phantom_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
  target_link_libraries(phantom_${name} PUBLIC ${ARGN})
endfunction()

# phantom_test(NAME DEPS...): the Catch2 program of tests/NAME, run by ctest as NAME.
function(phantom_test name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cc)
  if(NOT sources)
    return()
  endif()
  add_executable(test_${name} ${sources})
  target_link_libraries(test_${name} PRIVATE ${ARGN} phantom_test_support)
  target_include_directories(test_${name} PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  add_test(NAME ${name} COMMAND test_${name})
endfunction()
