package sched

func (s *scheduler) applyNodeHealth() {}

func (s *scheduler) applyNodeCriteria() {}
