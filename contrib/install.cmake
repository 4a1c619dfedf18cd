# What is installed beside the two programs (cmake --install).
set(unit_dir lib/systemd/system CACHE STRING "Where the systemd units go, below the prefix")

foreach(unit tocsind tocsin-door)
  configure_file(${CMAKE_SOURCE_DIR}/contrib/systemd/${unit}.service.in ${CMAKE_BINARY_DIR}/contrib/${unit}.service @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/contrib/${unit}.service contrib/systemd/${unit}.socket DESTINATION ${unit_dir})
endforeach()
configure_file(${CMAKE_SOURCE_DIR}/contrib/systemd/tocsin-guard.service.in ${CMAKE_BINARY_DIR}/contrib/tocsin-guard.service @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/contrib/tocsin-guard.service DESTINATION ${unit_dir})
# What runs now and then, when somebody enables its timer.
foreach(unit tocsin-metrics tocsin-backup tocsin-archive)
  configure_file(${CMAKE_SOURCE_DIR}/contrib/systemd/${unit}.service.in ${CMAKE_BINARY_DIR}/contrib/${unit}.service @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/contrib/${unit}.service contrib/systemd/${unit}.timer DESTINATION ${unit_dir})
endforeach()
install(PROGRAMS contrib/channels/sms contrib/channels/relay contrib/channels/nut-shutdown contrib/systemd/tocsin-down DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/tocsin)
install(PROGRAMS contrib/channels/sms-reply contrib/channels/call DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/tocsin)
install(FILES contrib/systemd/internet.conf DESTINATION ${CMAKE_INSTALL_DATADIR}/tocsin/systemd)
install(PROGRAMS contrib/mosquitto/tocsin-mosquitto DESTINATION ${CMAKE_INSTALL_SBINDIR})
install(FILES contrib/systemd/tocsin.sysusers DESTINATION lib/sysusers.d RENAME tocsin.conf)
install(FILES contrib/systemd/tocsin.tmpfiles DESTINATION lib/tmpfiles.d RENAME tocsin.conf)

# The schema of the configuration, for editors: what this build's own client prints.
set(schema ${CMAKE_BINARY_DIR}/contrib/config-1.json)
add_custom_command(OUTPUT ${schema} COMMAND tocsin check --schema > ${schema} DEPENDS tocsin VERBATIM)
add_custom_target(schema ALL DEPENDS ${schema})
install(FILES ${schema} DESTINATION ${CMAKE_INSTALL_DATADIR}/tocsin/schema)

install(DIRECTORY rules/playbooks rules/profiles DESTINATION ${CMAKE_INSTALL_DATADIR}/tocsin FILES_MATCHING PATTERN "*.yaml")

install(FILES contrib/console/index.html contrib/console/worker.js contrib/console/manifest.webmanifest contrib/console/icon.svg contrib/console/nginx.conf DESTINATION ${CMAKE_INSTALL_DATADIR}/tocsin/console)

install(FILES plugins/webhook/presets.yaml DESTINATION ${CMAKE_INSTALL_DATADIR}/tocsin/presets)

install(FILES contrib/completion/tocsin DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)

# Manual pages and the changelog as Debian wants them. The same bytes from the same source.
find_program(GZIP gzip REQUIRED)
file(GLOB pages CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/contrib/man/*.[1-8])
foreach(page ${pages} ${CMAKE_SOURCE_DIR}/contrib/debian/changelog)
  get_filename_component(name ${page} NAME)
  set(zipped ${CMAKE_BINARY_DIR}/contrib/${name}.gz)
  add_custom_command(OUTPUT ${zipped} COMMAND ${GZIP} -9nc ${page} > ${zipped} DEPENDS ${page} VERBATIM)
  list(APPEND all_zipped ${zipped})
  string(REGEX MATCH "[1-8]$" section ${name})
  if(section)
    install(FILES ${zipped} DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
  else()
    install(FILES ${zipped} DESTINATION ${CMAKE_INSTALL_DOCDIR})
  endif()
endforeach()
add_custom_target(zipped ALL DEPENDS ${all_zipped})

install(FILES README.md contrib/debian/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY contrib/doc/ DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING PATTERN "*.md")
install(FILES contrib/demo-site.yaml contrib/mosquitto/tocsin.conf contrib/mosquitto/tocsin-tls.conf contrib/mosquitto/tocsin-console.conf
  contrib/mosquitto/acl DESTINATION ${CMAKE_INSTALL_DATADIR}/tocsin/examples)

# The nightly copy (tocsin-backup.timer).
install(PROGRAMS contrib/systemd/tocsin-backup DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/tocsin)
