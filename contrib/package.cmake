# The Debian package: `cmake --build BUILD --target package`, in a build whose prefix is /usr. Its version is that
# of project() in CMakeLists.txt, which tests/tidy compares with contrib/debian/changelog.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME tocsin)
set(CPACK_PACKAGE_CONTACT "the tocsin maintainers <maintainers@example.org>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "alarm and emergency-response dispatcher for buildings")
set(CPACK_PACKAGE_DESCRIPTION "Sensors publish on MQTT; tocsind decides whether it is an incident, runs the
response playbook for it (tasks for people, commands for valves, notices),
calls down the escalation chain until somebody takes it, and keeps an audit
log that can be proven whole. Texts are Chinese and English, side by side.
.
It is not a certified fire alarm panel, and no replacement for one.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${CMAKE_SOURCE_DIR}/contrib/debian/preinst ${CMAKE_SOURCE_DIR}/contrib/debian/postinst ${CMAKE_SOURCE_DIR}/contrib/debian/prerm ${CMAKE_SOURCE_DIR}/contrib/debian/postrm)
# The libraries are asked of the built programs when the package is made (shlibdeps.cmake): the daemon's are
# needed, a module's only by who has such a channel.
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS OFF)
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_SOURCE_DIR}/contrib/shlibdeps.cmake)
set(CPACK_TOCSIN_NEEDED "${CMAKE_BINARY_DIR}/tocsind;${CMAKE_BINARY_DIR}/tocsin;${CMAKE_BINARY_DIR}/tocsin-door")
set(CPACK_TOCSIN_MODULES "${CMAKE_BINARY_DIR}/plugins/webhook.so;${CMAKE_BINARY_DIR}/plugins/mail.so")
set(CPACK_TOCSIN_PREFIX ${CMAKE_INSTALL_PREFIX})
include(CPack)
