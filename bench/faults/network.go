package main

// networkFaults are those of mail servers, providers, clients and load.
func networkFaults() []fault { return nil }
