//go:build race

package main

// raced reports whether the race detector is on, which takes many times the memory and time.
const raced = true
