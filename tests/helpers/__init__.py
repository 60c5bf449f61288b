"""What tests share: data, servers, models, attacks."""
