# What `cmake --install` puts where, in two components: `dev` is the library for other projects,
# `tool` is aloft, with its manual, and all that a virtual board needs.
include(CMakePackageConfigHelpers)

# ---- dev
set(config ${CMAKE_INSTALL_LIBDIR}/cmake/Aloft)
install(TARGETS aloft_firmware_core aloft_firmware_boot aloft_firmware_soft_crypto
    EXPORT AloftTargets COMPONENT dev ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT AloftTargets NAMESPACE Aloft:: COMPONENT dev DESTINATION ${config})
configure_package_config_file(cmake/AloftConfig.cmake.in ${PROJECT_BINARY_DIR}/AloftConfig.cmake
    INSTALL_DESTINATION ${config} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/AloftConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/AloftConfig.cmake
    ${PROJECT_BINARY_DIR}/AloftConfigVersion.cmake COMPONENT dev DESTINATION ${config})
install(DIRECTORY core/include/ ${ALOFT_INCLUDE_DIR}/ COMPONENT dev
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY examples/ COMPONENT dev DESTINATION ${CMAKE_INSTALL_DOCDIR}-dev/examples
    FILES_MATCHING PATTERN *.[ch] PATTERN README.md PATTERN CMakeLists.txt)

file(RELATIVE_PATH ALOFT_PC_UP /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
function(aloft_pkg_config name about requires)
    configure_file(cmake/aloft.pc.in ${PROJECT_BINARY_DIR}/aloft-${name}.pc @ONLY)
    install(FILES ${PROJECT_BINARY_DIR}/aloft-${name}.pc COMPONENT dev
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()
aloft_pkg_config(core "over-the-air updates of ESP32-class devices" "")
aloft_pkg_config(boot "boot choice and loader of such devices" "aloft-core")
aloft_pkg_config(soft_crypto "SHA-256 and MD5 for them in plain C" "aloft-core")

# ---- tool
if(NOT ALOFT_IMAGES)
    return()
endif()
install(TARGETS aloft COMPONENT tool RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS aloft-rom COMPONENT tool RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/aloft)
set(share ${CMAKE_INSTALL_DATADIR}/aloft)
install(FILES ${ALOFT_IMAGE_DIR}/bootloader.bin ${ALOFT_IMAGE_DIR}/hello_world.bin
    ${ALOFT_IMAGE_DIR}/ota_demo.bin ${ALOFT_IMAGE_DIR}/partitions-two_ota.bin
    COMPONENT tool DESTINATION ${share}/images)
# The apps as programs: `aloft image build` makes images of them with other versions and settings.
install(TARGETS hello_world ota_demo COMPONENT tool
    RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/aloft/apps)
file(GLOB docs CONFIGURE_DEPENDS docs/*.md)
install(FILES ${docs} COMPONENT tool DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs)
install(DIRECTORY docs/pictures COMPONENT tool DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs)
install(FILES README.md README.zh-CN.md CHANGELOG.md LICENSE COMPONENT tool
    DESTINATION ${CMAKE_INSTALL_DOCDIR})

# The manual is made from the tool's own tables.
set(manual ${PROJECT_BINARY_DIR}/manual)
add_custom_command(OUTPUT ${manual}/help.txt
    COMMAND ${PROJECT_SOURCE_DIR}/tools/manual $<TARGET_FILE:aloft> ${manual}
    DEPENDS aloft tools/manual VERBATIM)
add_custom_target(aloft_manual ALL DEPENDS ${manual}/help.txt)
install(DIRECTORY ${manual}/man1 COMPONENT tool DESTINATION ${CMAKE_INSTALL_MANDIR})
install(FILES ${manual}/aloft.bash COMPONENT tool RENAME aloft
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${manual}/aloft.fish COMPONENT tool
    DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
set(ALOFT_ZSH_DIR ${CMAKE_INSTALL_DATADIR}/zsh/site-functions CACHE STRING
    "where zsh looks for completions")
install(FILES ${manual}/_aloft COMPONENT tool DESTINATION ${ALOFT_ZSH_DIR})

# All of it, for ./dev install and ./dev package.
add_custom_target(aloft_installable DEPENDS aloft_firmware_core aloft_firmware_boot
    aloft_firmware_soft_crypto aloft_demo partitions-two_ota.bin aloft_manual)
