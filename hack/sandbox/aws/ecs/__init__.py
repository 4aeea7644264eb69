"""Amazon ECS on Fargate, simulated: services launch tasks, roll out, fail, drain and log."""
