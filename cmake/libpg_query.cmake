# The target phantom::libpg_query: PostgreSQL 15's grammar (Debian: libpg-query-dev) with the headers of its node structs.
#
# The headers come from Debian's postgresql-server-dev-15. Installing that package would bring clang and llvm, so unless
# it is installed only its archive is fetched and unpacked, without root, into PHANTOM_PG_HEADERS_CACHE. Several builds
# may share that directory and configure at the same time.
set(PHANTOM_PG_HEADERS "" CACHE PATH "directory that has PostgreSQL 15's postgres.h; empty: the package's")
set(PHANTOM_PG_HEADERS_CACHE "${CMAKE_BINARY_DIR}/postgresql-server-dev-15" CACHE PATH
    "where to unpack postgresql-server-dev-15's headers")

# Sets out to the directory of postgres.h, fetching it if need be.
function(phantom_pg_headers out)
  set(in_package usr/include/postgresql/15/server)
  foreach(candidate "${PHANTOM_PG_HEADERS}" /${in_package} "${PHANTOM_PG_HEADERS_CACHE}/${in_package}")
    if(candidate AND EXISTS "${candidate}/postgres.h")
      set(${out} "${candidate}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
  if(PHANTOM_PG_HEADERS)
    message(FATAL_ERROR "PHANTOM_PG_HEADERS=${PHANTOM_PG_HEADERS} has no postgres.h")
  endif()

  find_program(PHANTOM_APT_GET apt-get)
  find_program(PHANTOM_DPKG_DEB dpkg-deb)
  if(NOT PHANTOM_APT_GET OR NOT PHANTOM_DPKG_DEB)
    message(FATAL_ERROR "PostgreSQL 15's server headers are needed: install Debian's postgresql-server-dev-15 "
                        "or set PHANTOM_PG_HEADERS to the directory of its postgres.h")
  endif()
  file(MAKE_DIRECTORY "${PHANTOM_PG_HEADERS_CACHE}")
  file(LOCK "${PHANTOM_PG_HEADERS_CACHE}/lock" GUARD FUNCTION TIMEOUT 300)
  if(NOT EXISTS "${PHANTOM_PG_HEADERS_CACHE}/${in_package}/postgres.h")
    # Unpack beside and rename, so that an interrupted run leaves nothing that looks complete.
    set(scratch "${PHANTOM_PG_HEADERS_CACHE}/unpacking")
    file(REMOVE_RECURSE "${scratch}" "${PHANTOM_PG_HEADERS_CACHE}/usr")
    file(MAKE_DIRECTORY "${scratch}")
    message(STATUS "Fetching the headers of postgresql-server-dev-15")
    execute_process(COMMAND ${PHANTOM_APT_GET} download postgresql-server-dev-15 WORKING_DIRECTORY "${scratch}"
                    RESULT_VARIABLE failed OUTPUT_VARIABLE log ERROR_VARIABLE log)
    file(GLOB archive "${scratch}/*.deb")
    if(failed OR NOT archive)
      message(FATAL_ERROR "apt-get download postgresql-server-dev-15 failed (is `apt-get update` needed?):\n${log}")
    endif()
    execute_process(COMMAND ${PHANTOM_DPKG_DEB} -x ${archive} "${scratch}" RESULT_VARIABLE failed ERROR_VARIABLE log)
    if(failed OR NOT EXISTS "${scratch}/${in_package}/postgres.h")
      message(FATAL_ERROR "${archive} could not be unpacked, or has no ${in_package}/postgres.h:\n${log}")
    endif()
    file(RENAME "${scratch}/usr" "${PHANTOM_PG_HEADERS_CACHE}/usr")
    file(REMOVE_RECURSE "${scratch}")
  endif()
  set(${out} "${PHANTOM_PG_HEADERS_CACHE}/${in_package}" PARENT_SCOPE)
endfunction()

find_library(PHANTOM_LIBPG_QUERY NAMES libpg_query.a)
find_path(PHANTOM_LIBPG_QUERY_INCLUDE pg_query.h)
if(NOT PHANTOM_LIBPG_QUERY OR NOT PHANTOM_LIBPG_QUERY_INCLUDE)
  message(FATAL_ERROR "libpg_query 15 is needed: install Debian's libpg-query-dev")
endif()
file(STRINGS "${PHANTOM_LIBPG_QUERY_INCLUDE}/pg_query.h" pg_query_version REGEX "define PG_MAJORVERSION \"15\"")
if(NOT pg_query_version)
  message(FATAL_ERROR "${PHANTOM_LIBPG_QUERY_INCLUDE}/pg_query.h is not libpg_query for PostgreSQL 15")
endif()

phantom_pg_headers(pg_headers)
add_library(phantom_libpg_query INTERFACE)
add_library(phantom::libpg_query ALIAS phantom_libpg_query)
target_include_directories(phantom_libpg_query SYSTEM INTERFACE "${pg_headers}" "${PHANTOM_LIBPG_QUERY_INCLUDE}")
target_link_libraries(phantom_libpg_query INTERFACE "${PHANTOM_LIBPG_QUERY}" Threads::Threads)
