package status

// ActiveEntries are the entries of a resource's history from the one on that made
// it active, the oldest first; none if it has stopped since.
func (ws *WorkingSet) ActiveEntries(r *ResourceHistory) []*HistoryEntry {
	sorted := ws.SortHistory(r)
	start, stop := activeOperations(sorted)
	if start < stop {
		return nil
	}
	return sorted[max(start, 0):]
}
