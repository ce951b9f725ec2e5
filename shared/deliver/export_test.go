package deliver

// SetSlowLane sets how many attempts the slow lane has room for.
func (w *Worker) SetSlowLane(n int) { w.lanes.slow = n }

// SaveEvery is how often progress is saved.
const SaveEvery = saveEvery
