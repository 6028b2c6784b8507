# Writes the files SPECS of the folder SOURCE into OUTPUT as elements of an array
# of Spec.
set(text "")
foreach(spec ${SPECS})
  file(READ ${SOURCE}/${spec} contents)
  string(APPEND text "{\"${spec}\", R\"spec(${contents})spec\"},\n")
endforeach()
file(WRITE ${OUTPUT} "${text}")
