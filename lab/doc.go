// Package lab holds no code. Its folders hold the tests that need more than Go: a real browser, real processes, and runs
// of the whole test suite with one rule taken out at a time. The continuous gate runs all of them and skips none.
package lab
