//go:build !linux

package store

// remote says that a folder cannot be watched; where the system does not tell, it is asked often enough anyway.
func remote(string) bool { return false }
