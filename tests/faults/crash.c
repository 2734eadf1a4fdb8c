/* Loaded before everything else (LD_PRELOAD), lets durable-rules crash at every patient, as a fault of its C code would. */
#include <stdlib.h>

unsigned int assertFact(void) { abort(); }
