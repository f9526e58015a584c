package main

import (
	"syscall"
)

// watch reports changes of a folder, several at once as one. It reports none of a folder that cannot be watched.
func watch(path string) <-chan struct{} {
	changes := make(chan struct{}, 1)
	inotify, err := syscall.InotifyInit1(syscall.IN_CLOEXEC)
	if err != nil {
		return changes
	}
	const events = syscall.IN_CLOSE_WRITE | syscall.IN_MOVED_TO | syscall.IN_MOVED_FROM | syscall.IN_DELETE
	if _, err := syscall.InotifyAddWatch(inotify, path, events); err != nil {
		syscall.Close(inotify)
		return changes
	}
	go func() {
		buffer := make([]byte, 16*1024)
		for {
			count, err := syscall.Read(inotify, buffer)
			if err == syscall.EINTR {
				continue
			}
			if err != nil || count <= 0 {
				return
			}
			select {
			case changes <- struct{}{}:
			default:
			}
		}
	}()
	return changes
}
