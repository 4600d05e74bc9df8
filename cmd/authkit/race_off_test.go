//go:build !race

package main

// raced says that the race detector is on, which takes many times the memory and time.
const raced = false
