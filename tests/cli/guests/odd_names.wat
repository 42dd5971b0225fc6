;; Imports whose names would write lines and colours of their own.
(module
  (import "a\0awasinn: error: b" "\1b[31mc" (func))
  (func (export "_start")))
