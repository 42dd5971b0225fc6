// A guest that adds two vectors through wasi_ephemeral_nn: the ABI as a Go programmer meets it.
package main

import (
	"fmt"
	"os"
	"runtime"
	"unsafe"
)

const typeF32 = 1

// The ABI's record. Pointers inside a record are numbers to the Go compiler, so the caller keeps
// what they point to alive.
type tensor struct {
	dims, dimsLen uint32
	kind          uint32
	data, dataLen uint32
}

//go:wasmimport wasi_ephemeral_nn load_by_name
func loadByName(name unsafe.Pointer, length uint32, graph unsafe.Pointer) uint32

//go:wasmimport wasi_ephemeral_nn init_execution_context
func initExecutionContext(graph uint32, context unsafe.Pointer) uint32

//go:wasmimport wasi_ephemeral_nn set_input
func setInput(context, index uint32, value unsafe.Pointer) uint32

//go:wasmimport wasi_ephemeral_nn compute
func compute(context uint32) uint32

//go:wasmimport wasi_ephemeral_nn get_output
func getOutput(context, index uint32, out unsafe.Pointer, capacity uint32, written unsafe.Pointer) uint32

func check(what string, errno uint32) {
	if errno != 0 {
		fmt.Fprintf(os.Stderr, "%s failed with error %d\n", what, errno)
		os.Exit(1)
	}
}

func address(pointer unsafe.Pointer) uint32 {
	return uint32(uintptr(pointer))
}

func setFloats(context, index uint32, values []float32) {
	dims := []uint32{uint32(len(values))}
	value := tensor{
		dims: address(unsafe.Pointer(&dims[0])), dimsLen: 1, kind: typeF32,
		data: address(unsafe.Pointer(&values[0])), dataLen: uint32(4 * len(values)),
	}
	check("set_input", setInput(context, index, unsafe.Pointer(&value)))
	runtime.KeepAlive(dims)
	runtime.KeepAlive(values)
}

func main() {
	var graph, context, written uint32
	name := []byte("add")
	check("load_by_name", loadByName(unsafe.Pointer(&name[0]), uint32(len(name)), unsafe.Pointer(&graph)))
	check("init_execution_context", initExecutionContext(graph, unsafe.Pointer(&context)))
	setFloats(context, 0, []float32{1, 2, 3, 4})
	setFloats(context, 1, []float32{10, 20, 30, 40})
	check("compute", compute(context))
	sum := make([]float32, 4)
	check("get_output", getOutput(context, 0, unsafe.Pointer(&sum[0]), 16, unsafe.Pointer(&written)))
	fmt.Println(sum, written)
}
