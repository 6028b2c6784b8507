# Writes the FILES of the folder SOURCE into OUTPUT as elements of an array of
# structures of path and text.
set(text "")
foreach(file ${FILES})
  file(READ ${SOURCE}/${file} contents)
  string(APPEND text "{\"${file}\", R\"file(${contents})file\"},\n")
endforeach()
file(WRITE ${OUTPUT} "${text}")
