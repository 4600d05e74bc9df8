package authkit

// KindOfFinding is what the findings of one code have in common.
type KindOfFinding struct{ Severity, Why, Fix string }

// KindsOfFindings returns the kinds by code.
func KindsOfFindings() map[string]KindOfFinding {
	out := map[string]KindOfFinding{}
	for code, k := range findingKinds() {
		out[code] = KindOfFinding{string(k.severity), k.why, k.fix}
	}
	return out
}
