// Command mns is the function that answers programs of Alibaba MNS.
package main

import (
	"tocsin/shared/lambdaapp"
	"tocsin/shared/lambdaapp/mnsdoor"
	"tocsin/shared/mns/door"
)

func main() { lambdaapp.ServeDoor(mnsdoor.Open, door.Fail) }
