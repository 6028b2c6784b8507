# Writes the files SPECS into OUTPUT as elements of an array of Spec.
set(text "")
foreach(spec ${SPECS})
  get_filename_component(name ${spec} NAME)
  file(READ ${spec} contents)
  string(APPEND text "{\"models/${name}\", R\"spec(${contents})spec\"},\n")
endforeach()
file(WRITE ${OUTPUT} "${text}")
