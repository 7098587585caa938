package tracefmt

import (
	"cmp"
	"slices"
)

// factSlots are the facts of a span that SpanAttributes knows, under the names of costscope JSONL where these have one.
var factSlots = map[string]slot{
	"provider": slotProvider, "model": slotModel, "request_model": slotRequestModel, "workflow": slotWorkflow, "workflow_hint": slotWorkflowHint,
	"entity": slotEntity, "agent": slotAgent, "instance": slotInstance, "role": slotRole, "step": slotStep, "tool": slotTool, "feature": slotFeature,
	"version": slotVersion, "user": slotUser, "session": slotSession, "graph_node": slotGraphNode,
	"input": slotInput, "output": slotOutput, "cache_read": slotRead, "cache_write": slotWrite, "reasoning": slotReasoning, "total": slotTotal,
	"cost": slotCost, "input_cost": slotCostIn, "output_cost": slotCostOut, "http": slotHTTP, "level": slotLevel, "text": slotInputText, "outcome": slotOutcome,
}

// SpanAttributes are the attributes of an OpenTelemetry span that state a fact, best first: for engines that read spans where they stand.
func SpanAttributes(fact string) (names []string) {
	type ranked struct {
		name string
		rank uint8
	}
	var list []ranked
	for _, a := range attrTable {
		if a.slot == factSlots[fact] {
			list = append(list, ranked{a.name, a.rank})
		}
	}
	for key, rule := range metaKeys {
		if rule.slot == factSlots[fact] && rule.slot != slotTags {
			for _, prefix := range metaPrefixes {
				list = append(list, ranked{prefix + key, rule.rank})
			}
		}
	}
	slices.SortFunc(list, func(a, b ranked) int { return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.name, b.name)) })
	for _, x := range list {
		names = append(names, x.name)
	}
	return names
}

// A KindAttribute is an attribute whose words, in lower case, say what kind a span is.
type KindAttribute struct {
	Name  string
	Words map[string]Kind
}

// KindAttributes are the attributes that say what kind a span is, the one that is believed first before the others. That of the Vercel
// AI SDK is not among them: it has no list of words.
func KindAttributes() (list []KindAttribute) {
	var slots []slot
	for s := range kindRank {
		if kindWords[s] != nil {
			slots = append(slots, s)
		}
	}
	slices.SortFunc(slots, func(a, b slot) int { return cmp.Compare(kindRank[a], kindRank[b]) })
	for _, s := range slots {
		for _, a := range attrTable {
			if a.slot == s {
				list = append(list, KindAttribute{a.name, kindWords[s]})
			}
		}
	}
	return list
}

// ProviderName is a provider as the readers of spans name it.
func ProviderName(s string) string { return providerName([]byte(s)) }
