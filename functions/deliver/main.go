// Command deliver is the function that takes messages from the queue to endpoints.
package main

import "tocsin/shared/lambdaapp"

func main() { lambdaapp.ServeDeliver() }
