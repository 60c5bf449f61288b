"""The reward server: registered rewards over HTTP, stateless, any number of them behind a balancer.

settings → batcher (bounded queue and scorer of one reward) → routes → app. `holdfast.serve.client` is the other end.
"""
