package tracefmt

import "strings"

// providerSuffixes are API names that some libraries put behind the provider's name (openai.chat).
var providerSuffixes = []string{".chat", ".responses", ".messages", ".completion", ".completions", ".embedding", ".generative-ai", ".image", ".speech", ".transcription"}

// providerAliases are other names of providers, in lower case.
var providerAliases = map[string]string{
	"az.ai.openai": "azure.ai.openai", "azure_openai": "azure.ai.openai", "azure-openai": "azure.ai.openai", "vertex_ai": "gcp.vertex_ai", "vertexai": "gcp.vertex_ai",
	"bedrock": "aws.bedrock", "amazon-bedrock": "aws.bedrock", "aws_bedrock": "aws.bedrock", "gemini": "gcp.gemini", "google.generative-ai": "gcp.gemini",
}

// providerName is the provider in lower case, without API names.
func providerName(v []byte) string {
	s := strings.ToLower(strings.TrimSpace(string(v)))
	if a, ok := providerAliases[s]; ok {
		return a
	}
	for _, x := range providerSuffixes {
		if t, ok := strings.CutSuffix(s, x); ok && t != "" {
			s = t
			break
		}
	}
	if a, ok := providerAliases[s]; ok {
		return a
	}
	return s
}
