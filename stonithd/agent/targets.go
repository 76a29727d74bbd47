package agent

import "strings"

// Targets are the names in a list of hosts, as pcmk_host_list or an agent's output has it
// (stonith__parse_targets): between white space, commas, semicolons, line feeds and the
// two characters \n. Lines with the words invalid or variable are complaints of an agent;
// on and off are the state of what comes before. A name ends at the first character other
// than letters, digits, and _ - . in it.
func Targets(list string) (names []string) {
	for line := range strings.SplitSeq(strings.ReplaceAll(list, `\n`, "\n"), "\n") {
		if strings.Contains(line, "invalid") || strings.Contains(line, "variable") {
			continue
		}
		for _, word := range strings.FieldsFunc(line, isSeparator) {
			end := strings.IndexFunc(word, func(r rune) bool { return !isNameRune(r) })
			if end >= 0 {
				word = word[:end]
			}
			if word != "" && !strings.EqualFold(word, "on") && !strings.EqualFold(word, "off") {
				names = append(names, word)
			}
		}
	}
	return names
}

func isSeparator(r rune) bool { return strings.ContainsRune(" \t\v\f\r,;", r) }

func isNameRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("_-.", r)
}
