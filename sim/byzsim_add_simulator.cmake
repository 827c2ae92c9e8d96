# byzsim_add_simulator(NAME [SOURCE...]): an executable that is byzsim with these files added: protocols, behaviours,
# invariants. Each registers itself, so this one call is all it takes.
function(byzsim_add_simulator NAME)
  add_executable(${NAME} ${BYZSIM_MAIN} ${ARGN})
  target_link_libraries(${NAME} PRIVATE $<LINK_LIBRARY:WHOLE_ARCHIVE,byzsim::all> ${BYZSIM_LIBRARIES})
endfunction()
