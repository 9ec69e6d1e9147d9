# A cluster of Ray: each worker belongs to an actor, which holds the worker's resources.


class RayNodeWorker:
    """The actor."""

    def __init__(self, plan, files):
        self.worker = NodeWorker(plan, lambda: __import__("ray").get(files[0]))

    def watch(self):
        return self.worker.watch()


class RayCluster:
    name = "Ray"

    def __init__(self, options, program):
        self.options = options
        self.program = program
        self.is_local = not options["address"]
        self.resources = {"CPU": 1.0, **options["resources"]}
        self.actors = {}
        self.files = None

    async def join(self):
        if self.options["auth_token"] or self.is_local:
            # Without this, Ray leaves a token of its own in the home folder when it starts a cluster.
            os.environ["RAY_AUTH_MODE"] = "token"
            os.environ["RAY_AUTH_TOKEN"] = self.options["auth_token"] or os.urandom(32).hex()
        self.ray = ray = import_module("ray")
        settings = dict(log_to_driver=False, logging_level="error", namespace="hocket")
        if self.is_local:
            settings.update(address="local", include_dashboard=False,
                            num_cpus=self.options["max_workers"] or os.cpu_count())
            settings["resources"] = {name: amount * (self.options["max_workers"] or os.cpu_count())
                                     for name, amount in self.resources.items() if name not in ("CPU", "GPU", "memory")}
        else:
            settings["address"] = self.options["address"]
            check_that_something_answers(self.options["address"].split("://")[-1])
        ray.init(**settings)

    def owner_host(self):
        if self.is_local:
            return "127.0.0.1"
        if "://" in self.options["address"]:  # Ray Client: this machine need not belong to the cluster
            return address_towards(self.options["address"].split("://")[-1])
        return self.ray.util.get_node_ip_address()

    async def nodes(self):
        return [{"address": node["NodeManagerAddress"], "name": node["NodeManagerHostname"],
                 "resources": {name: amount for name, amount in node["Resources"].items() if ":" not in name},
                 "slots": slots_of(node["Resources"], self.resources)}
                for node in await in_thread(self.ray.nodes) if node["Alive"]]

    async def run_worker(self, plan, tell):
        """Runs a worker until it has ended. `tell` is called with each event."""
        if self.files is None and not plan["path"]:
            self.files = self.ray.put(self.program.files())
        others = {name: amount for name, amount in self.resources.items() if name not in ("CPU", "GPU", "memory")}
        options = dict(num_cpus=self.resources["CPU"], num_gpus=self.resources.get("GPU", 0), resources=others,
                       memory=self.resources.get("memory"), max_restarts=0, max_task_retries=0)
        actor = self.ray.remote(RayNodeWorker).options(**options).remote(plan, [self.files])
        self.actors[plan["number"]] = actor
        try:
            while True:
                for event in await actor.watch.remote():
                    tell(*event)
                    if event[0] in WORKER_IS_OVER:
                        return
        except self.ray.exceptions.RayError as error:
            tell("lost", f"is lost with its actor: {one_line(error)}")
        finally:
            self.end_worker(plan["number"])

    def end_worker(self, number):
        actor = self.actors.pop(number, None)
        if actor is not None:
            self.ray.kill(actor)

    async def leave(self):
        await in_thread(self.ray.shutdown)
