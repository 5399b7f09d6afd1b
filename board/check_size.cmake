# Fails the build when FILE is larger than LIMIT bytes.
file(SIZE ${FILE} size)
if(size GREATER LIMIT)
    file(REMOVE ${FILE})
    message(FATAL_ERROR "${FILE} has ${size} bytes, ${LIMIT} are allowed; make it smaller.")
endif()
