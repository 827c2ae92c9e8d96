# byzsim_add_simulator(NAME [SOURCE...]): an executable that is byzsim with these files added: protocols, behaviours,
# invariants. Each registers itself, so this one call is all it takes.
function(byzsim_add_simulator NAME)
  file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/${NAME}_main.cpp.new
       "namespace byzsim { int byzsim_main(int, char**); }\nint main(int argc, char** argv) { return byzsim::byzsim_main(argc, argv); }\n")
  file(COPY_FILE ${CMAKE_CURRENT_BINARY_DIR}/${NAME}_main.cpp.new ${CMAKE_CURRENT_BINARY_DIR}/${NAME}_main.cpp ONLY_IF_DIFFERENT)
  add_executable(${NAME} ${CMAKE_CURRENT_BINARY_DIR}/${NAME}_main.cpp ${ARGN})
  target_link_libraries(${NAME} PRIVATE $<LINK_LIBRARY:WHOLE_ARCHIVE,byzsim::all> ${BYZSIM_LIBRARIES})
endfunction()
