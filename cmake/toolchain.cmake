# Compiler flags, sanitizers, ccache and linker. PHANTOM_SANITIZE: empty, "address,undefined" or "thread".
set(PHANTOM_SANITIZE "" CACHE STRING "sanitizers to build with")

add_compile_options(-Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers -fno-omit-frame-pointer)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG -march=x86-64-v2 -mtune=native")
set(CMAKE_CXX_FLAGS_DEBUG "-O0 -g1")
set(CMAKE_POSITION_INDEPENDENT_CODE OFF)

find_program(PHANTOM_CCACHE ccache)
if(PHANTOM_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${PHANTOM_CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${PHANTOM_CCACHE})
endif()
find_program(PHANTOM_MOLD mold)
if(PHANTOM_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

if(PHANTOM_SANITIZE)
  add_compile_options(-fsanitize=${PHANTOM_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${PHANTOM_SANITIZE})
endif()
