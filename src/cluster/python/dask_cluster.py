# A cluster of Dask: each worker belongs to a task that runs as long as the worker does, and so holds a thread of one
# of Dask's workers, and the worker's resources.


def run_node_worker(plan, topic):
    """The task. Returns the last event; the others go through the scheduler."""
    dask_worker = __import__("distributed").get_worker()
    worker = NodeWorker(plan, None)
    while True:
        *events, last = worker.watch()
        is_over = last[0] in WORKER_IS_OVER
        events += [] if is_over else [last]
        if events:
            dask_worker.log_event(topic, (plan["number"], events))
        if is_over:
            return last


def describe_workers(dask_scheduler):
    """Runs in the scheduler."""
    return {address: (worker.nthreads, dict(worker.resources), str(worker.name), worker.host)
            for address, worker in dask_scheduler.workers.items()}


# Of a cluster that only this program uses. By default, the scheduler, each worker and its nanny wake up 50 to 150 times a second
# for statistics of Dask's tasks, which takes a tenth of a processor from the calls.
QUIET = {"distributed.worker.profile.enabled": False, "distributed.admin.tick.interval": "500ms"}


class DaskCluster:
    name = "Dask"

    def __init__(self, options, program):
        self.options = options
        self.program = program
        self.is_local = not options["address"]
        self.resources = options["resources"]
        self.running = {}  # the number of a worker: (the address of Dask's worker, what to tell)
        self.tasks = {}
        self.has_room = asyncio.Event()
        self.placing = asyncio.Lock()
        self.storing = {}  # the host: a lock
        self.local = None
        self.topic = f"hocket-{platform.node()}-{os.getpid()}-{os.urandom(8).hex()}"

    async def join(self):
        distributed = self.distributed = import_module("distributed")
        count = self.options["max_workers"] or os.cpu_count()
        if self.is_local:
            import_module("dask").config.set(QUIET)
            self.local = await distributed.LocalCluster(
                n_workers=count, threads_per_worker=1, processes=True, dashboard_address=None,
                resources=self.resources or None, asynchronous=True, silence_logs=50)
        else:
            check_that_something_answers(self.options["address"])
        self.client = await distributed.Client(self.local or self.options["address"], asynchronous=True, name="hocket",
                                               timeout=self.options["connect_timeout"], security=self.security())
        self.client.subscribe_topic(self.topic, self.on_event)

    def security(self):
        if not self.options["tls_cert"]:
            return None  # or what Dask's configuration says
        return self.distributed.Security(
            tls_ca_file=self.options["tls_ca_file"], tls_client_cert=self.options["tls_cert"],
            tls_client_key=self.options["tls_key"], require_encryption=True)

    def on_event(self, event):
        number, events = event[1]
        if number in self.running:
            for each in events:
                self.running[number][1](*each)

    def owner_host(self):
        return "127.0.0.1" if self.is_local else address_towards(self.options["address"])

    async def slots(self):
        """How many workers each of Dask's workers has room for, and what it has."""
        workers = await self.client.run_on_scheduler(describe_workers)
        return {address: min(threads, slots_of(resources, self.resources, otherwise=threads))
                for address, (threads, resources, _, _) in workers.items()}, workers

    async def nodes(self):
        slots, workers = await self.slots()
        for number, (address, tell) in list(self.running.items()):
            if address not in workers:
                self.running.pop(number)
                tell("lost", f"was on the Dask worker at {address}, which has left the cluster")
                self.end_worker(number)
        self.has_room.set()
        return [{"address": address, "name": workers[address][2], "slots": count,
                 "resources": {"threads": workers[address][0], **workers[address][1]}}
                for address, count in slots.items()]

    async def find_room(self):
        """Waits for one of Dask's workers that has room for a worker."""
        while True:
            slots, workers = await self.slots()
            for address, _ in self.running.values():
                slots[address] = slots.get(address, 0) - 1
            if slots and max(slots.values()) > 0:
                address = max(slots, key=slots.get)
                return address, workers[address][3]
            self.has_room.clear()
            await self.has_room.wait()

    async def store_program(self, plan, address, host):
        """Sends the program to a host that does not have it."""
        here = dict(workers=[address], allow_other_workers=False, pure=False, retries=0)
        async with self.storing.setdefault(host, asyncio.Lock()):
            if not await self.client.submit(program_is_here, plan, **here):
                files = await self.client.scatter([self.program.files()], workers=[address], hash=False)
                await self.client.submit(store_program, plan, files[0], **here)

    async def run_worker(self, plan, tell):
        """Runs a worker until it has ended. `tell` is called with each event."""
        number = plan["number"]
        try:
            async with self.placing:
                address, host = await self.find_room()
                self.running[number] = (address, tell)
            await self.store_program(plan, address, host)
            task = self.client.submit(
                run_node_worker, plan, self.topic, key=f"hocket-worker-{number}-{self.topic}", workers=[address],
                allow_other_workers=False, pure=False, retries=0, resources=self.resources or None)
            self.tasks[number] = task
            tell(*await task)
        except (Exception, asyncio.CancelledError) as error:
            tell("lost", f"is lost with its Dask worker: {one_line(error)}")
        finally:
            self.running.pop(number, None)
            self.tasks.pop(number, None)
            self.has_room.set()

    def end_worker(self, number):
        """Its process ends by itself, when its stream has ended. Dask must not start it again elsewhere."""
        task = self.tasks.get(number)
        if task is not None and number not in self.running:
            asyncio.ensure_future(task.cancel(reason="the worker has left"))

    async def leave(self):
        await self.client.close(timeout=2)
        if self.local is not None:
            await self.local.close(timeout=3)
