package tracefmt

// Formats whose readers are being written.
var (
	heliconeFormat    = Format{Name: "helicone", sniff: never}
	openRouterFormat  = Format{Name: "openrouter", sniff: never}
	bedrockFormat     = Format{Name: "bedrock", sniff: never}
	cloudflareFormat  = Format{Name: "cloudflare-ai-gateway", sniff: never}
	kongFormat        = Format{Name: "kong", sniff: never}
	portkeyFormat     = Format{Name: "portkey", sniff: never}
	openAIUsageFormat = Format{Name: "openai-usage", sniff: never}
	crewAIFormat      = Format{Name: "crewai", sniff: never}
	autoGenFormat     = Format{Name: "autogen", sniff: never}
	flatFormat        = Format{Name: "flat", sniff: never}
	mappedFormat      = Format{Name: "mapped", sniff: never}
)
