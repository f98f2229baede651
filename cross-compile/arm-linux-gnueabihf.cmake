# Debian's armhf cross toolchain (crossbuild-essential-armhf) against a sysroot made by cross-compile/sysroot:
#   cmake -S . -B build/armhf -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_TOOLCHAIN_FILE=cross-compile/arm-linux-gnueabihf.cmake -DMENSHEN_SYSROOT=build/sysroot-armhf
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR armv7l)

set(triplet arm-linux-gnueabihf)
set(CMAKE_C_COMPILER ${triplet}-gcc)
set(CMAKE_CXX_COMPILER ${triplet}-g++)
set(CMAKE_LIBRARY_ARCHITECTURE ${triplet})

# try_compile() configures small projects of its own; they need the sysroot as well.
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES MENSHEN_SYSROOT)
if(NOT MENSHEN_SYSROOT)
    message(FATAL_ERROR "say where the sysroot is: -DMENSHEN_SYSROOT=... (cross-compile/sysroot makes one)")
endif()
get_filename_component(CMAKE_SYSROOT "${MENSHEN_SYSROOT}" ABSOLUTE)
if(NOT EXISTS "${CMAKE_SYSROOT}/usr/include")
    message(FATAL_ERROR "${CMAKE_SYSROOT} is no sysroot: it has no usr/include (cross-compile/sysroot makes one)")
endif()

# Programs (protoc, the interpreter of tests) run here; headers, libraries and packages come from the sysroot.
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

# pkg-config must not look at the packages of this machine.
set(ENV{PKG_CONFIG_DIR} "")
set(ENV{PKG_CONFIG_LIBDIR} "${CMAKE_SYSROOT}/usr/lib/${triplet}/pkgconfig:${CMAKE_SYSROOT}/usr/share/pkgconfig")
set(ENV{PKG_CONFIG_SYSROOT_DIR} "${CMAKE_SYSROOT}")

# Libraries that libraries need are found by the linker, not by CMake.
foreach(kind EXE SHARED MODULE)
    set(CMAKE_${kind}_LINKER_FLAGS_INIT "-Wl,-rpath-link,${CMAKE_SYSROOT}/usr/lib/${triplet}:${CMAKE_SYSROOT}/lib/${triplet}")
endforeach()
