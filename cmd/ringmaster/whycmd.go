package main

type whyCmd struct{}
