// deny-exec becomes another program that can start no further one: a seccomp filter, which nothing takes away again,
// answers every later execve with EPERM.
//
//	deny-exec PROGRAM ARGUMENTS...
package main

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"unsafe"
)

// From linux/prctl.h, linux/seccomp.h and linux/bpf_common.h.
const (
	setSeccomp     = 22
	setNoNewPrivs  = 38
	modeFilter     = 2
	returnAllow    = 0x7fff0000
	returnErrno    = 0x00050000
	loadWord       = 0x20
	jumpIfEqual    = 0x15
	answer         = 0x06
	offsetNumber   = 0
	offsetArgument = 16
)

type instruction struct {
	code  uint16
	yes   uint8
	no    uint8
	value uint32
}

type program struct {
	length       uint16
	instructions *instruction
}

func main() {
	if len(os.Args) < 2 {
		fail("usage: deny-exec PROGRAM ARGUMENTS...", nil)
	}
	// The filter holds for this thread, and for what it becomes.
	runtime.LockOSThread()
	path, err := syscall.BytePtrFromString(os.Args[1])
	check("the path", err)
	arguments, err := syscall.SlicePtrFromStrings(os.Args[1:])
	check("the arguments", err)
	environment, err := syscall.SlicePtrFromStrings(os.Environ())
	check("the environment", err)
	deny(uint64(uintptr(unsafe.Pointer(path))))
	_, _, number := syscall.RawSyscall(syscall.SYS_EXECVE, uintptr(unsafe.Pointer(path)),
		uintptr(unsafe.Pointer(&arguments[0])), uintptr(unsafe.Pointer(&environment[0])))
	fail("cannot start "+os.Args[1], number)
}

// deny lets one execve through: the one whose path is at this address. The program that we become has other memory.
func deny(address uint64) {
	execveat := map[string]uint32{"amd64": 322, "arm64": 281}[runtime.GOARCH]
	if execveat == 0 {
		fail("not known for "+runtime.GOARCH, nil)
	}
	filter := []instruction{
		{loadWord, 0, 0, offsetNumber},
		{jumpIfEqual, 6, 0, execveat},
		{jumpIfEqual, 0, 4, syscall.SYS_EXECVE},
		{loadWord, 0, 0, offsetArgument},
		{jumpIfEqual, 0, 3, uint32(address)},
		{loadWord, 0, 0, offsetArgument + 4},
		{jumpIfEqual, 0, 1, uint32(address >> 32)},
		{answer, 0, 0, returnAllow},
		{answer, 0, 0, returnErrno | uint32(syscall.EPERM)},
	}
	whole := program{uint16(len(filter)), &filter[0]}
	_, _, number := syscall.RawSyscall6(syscall.SYS_PRCTL, setNoNewPrivs, 1, 0, 0, 0, 0)
	checkNumber("no_new_privs", number)
	_, _, number = syscall.RawSyscall(syscall.SYS_PRCTL, setSeccomp, modeFilter, uintptr(unsafe.Pointer(&whole)))
	checkNumber("seccomp", number)
}

func check(what string, err error) {
	if err != nil {
		fail(what, err)
	}
}

func checkNumber(what string, number syscall.Errno) {
	if number != 0 {
		fail(what, number)
	}
}

func fail(what string, err error) {
	if err != nil {
		what = fmt.Sprintf("%s: %v", what, err)
	}
	fmt.Fprintln(os.Stderr, "deny-exec: "+what)
	os.Exit(70)
}
