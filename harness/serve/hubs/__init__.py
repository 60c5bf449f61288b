"""Our rewards and environments as other hubs call them: OpenEnv, the Open Reward Standard, NeMo-Gym, exports."""
