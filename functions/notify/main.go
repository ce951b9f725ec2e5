// Command notify is the function that turns schedule and alarm events into
// notifications.
package main

import "tocsin/shared/lambdaapp"

func main() { lambdaapp.ServeNotify() }
