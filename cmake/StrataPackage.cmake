# Installs the library, its headers (as include/strata/...) and the CMake package: afterwards find_package(strata) gives
# strata::strata with everything it needs. Included once by the top CMakeLists.txt.
include(CMakePackageConfigHelpers)

set(strata_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/strata")

install(TARGETS strata EXPORT strata-targets ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(FILES "${PROJECT_SOURCE_DIR}/strata.hpp" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/strata" OPTIONAL)
foreach(folder IN LISTS STRATA_FOLDERS)
  if(IS_DIRECTORY "${PROJECT_SOURCE_DIR}/${folder}")
    install(DIRECTORY "${PROJECT_SOURCE_DIR}/${folder}" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/strata" FILES_MATCHING PATTERN "*.hpp")
  endif()
endforeach()

install(EXPORT strata-targets NAMESPACE strata:: DESTINATION "${strata_package_dir}")
configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/strata-config.cmake.in" "${PROJECT_BINARY_DIR}/strata-config.cmake"
                              INSTALL_DESTINATION "${strata_package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/strata-config-version.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/strata-config.cmake" "${PROJECT_BINARY_DIR}/strata-config-version.cmake"
              "${CMAKE_CURRENT_LIST_DIR}/FindCpuMath.cmake" DESTINATION "${strata_package_dir}")
