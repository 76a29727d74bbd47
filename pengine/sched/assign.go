package sched

func (s *scheduler) assignResources() {}
