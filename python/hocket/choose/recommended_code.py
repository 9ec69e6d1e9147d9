"""The code that the answer recommends: what was measured, in the user's names."""

import textwrap


def recommended_code(answer):
    workload = answer.workload
    model = answer.choice
    reference = workload.async_function if model == "asyncio" else workload.function
    function = reference.name
    row = answer.row(model)
    root = function.split(".")[0]
    source = "" if reference.module == "__main__" else f"from {reference.module} import {root}\n"
    templates = {
        "sequential": """\
            {source}
            results = [{function}(item) for item in items]
            """,
        "asyncio": """\
            import asyncio

            {source}
            async def run(items):
                gate = asyncio.Semaphore({workers})

                async def one(item):
                    async with gate:
                        return await {function}(item)

                return await asyncio.gather(*[one(item) for item in items])

            results = asyncio.run(run(items))
            """,
        "threads": """\
            from concurrent.futures import ThreadPoolExecutor

            {source}
            with ThreadPoolExecutor({workers}) as pool:
                results = list(pool.map({function}, items))
            """,
        "interpreters": """\
            from concurrent.futures import InterpreterPoolExecutor

            {source}
            with InterpreterPoolExecutor({workers}) as pool:
                results = list(pool.map({function}, items))
            """,
        "processes": """\
            import multiprocessing
            from concurrent.futures import ProcessPoolExecutor

            {source}
            if __name__ == "__main__":
                context = multiprocessing.get_context("forkserver")
                with ProcessPoolExecutor({workers}, mp_context=context) as pool:
                    results = list(pool.map({function}, items{chunk}))
            """,
    }
    chunk = f", chunksize={row.chunk}" if row.chunk > 1 else ""
    text = textwrap.dedent(templates[model]).format(source=source, function=function, workers=row.workers, chunk=chunk)
    return text.replace("\n\n\n", "\n\n").strip("\n") + "\n"
