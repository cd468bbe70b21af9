"""Language models: from settings to schema-checked answers, with limits, retries, prices and a cache around them."""
