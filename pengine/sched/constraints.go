package sched

func (s *scheduler) unpackConstraints() {}
