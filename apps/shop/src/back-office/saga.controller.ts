import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';
import { RequiresDatabase, SagaNotFoundError, SagaService } from 'nestjs-database';
import { CardOrderClosing } from '../card-orders/card-order-closing.service.js';
import { defined } from '../http/defined.js';
import { ApiErrors } from '../http/error-responses.decorator.js';
import { NoteDto, RetrySagaDto, SagaQuery } from './saga.dto.js';
import { SagaDetailView, SagaPageView } from './saga.view.js';

const NAME = { name: 'name', schema: { type: 'string' }, example: 'place-card-order' } as const;
const KEY = { name: 'key', schema: { type: 'string' }, example: 'cart-17' } as const;

/** For those who look after what was begun and did not end. What the library refuses, its filter answers. */
@RequiresDatabase()
@ApiTags('Back office')
@Controller('back-office/sagas')
export class SagaController {
  constructor(
    private readonly sagas: SagaService,
    private readonly closing: CardOrderClosing,
  ) {}

  @Get()
  @ApiOperation({
    summary: 'List sagas: the dead ones, those that are stuck, or all',
    operationId: 'listSagas',
  })
  @ApiOkResponse({ type: SagaPageView })
  @ApiErrors(400)
  async list(@Query() { state, name, idleForSeconds, limit, after }: SagaQuery): Promise<SagaPageView> {
    const idleForMs = idleForSeconds === undefined ? undefined : idleForSeconds * 1_000;
    return new SagaPageView(
      await this.sagas.list({ state, name, idleForMs, after, limit: limit + 1 }),
      limit,
    );
  }

  @Get(':name/:key')
  @ApiOperation({ summary: 'Show a saga with its steps', operationId: 'getSaga' })
  @ApiParam(NAME)
  @ApiParam(KEY)
  @ApiOkResponse({ type: SagaDetailView })
  @ApiErrors(400, 404)
  async get(@Param('name') name: string, @Param('key') key: string): Promise<SagaDetailView> {
    const saga = await this.sagas.get(name, key);
    if (saga === null) throw new SagaNotFoundError(name, key);
    return new SagaDetailView(saga);
  }

  @Post(':name/:key/retry')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Have a dead saga go on',
    description: 'The steps that were given up are tried again; it is under way when this answers.',
    operationId: 'retrySaga',
  })
  @ApiParam(NAME)
  @ApiParam(KEY)
  @ApiBody({ type: RetrySagaDto, required: false })
  @ApiOkResponse({ type: SagaDetailView })
  @ApiErrors(400, 404, 409, 413)
  async retry(
    @Param('name') name: string,
    @Param('key') key: string,
    @Body() options?: RetrySagaDto,
  ): Promise<SagaDetailView> {
    await this.sagas.retryDead(name, key, defined({ ...options }));
    return await this.get(name, key);
  }

  @Post(':name/:key/resolve')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Close a dead saga that was set right by hand',
    description:
      'Set it right at the gateway first. The shop then books what the saga could not: an order that is not confirmed is cancelled and its goods are back on the shelf, what was to be collected counts as collected, and what was to be paid back as paid back.',
    operationId: 'resolveSaga',
  })
  @ApiParam(NAME)
  @ApiParam(KEY)
  @ApiBody({ type: NoteDto })
  @ApiOkResponse({ type: SagaDetailView })
  @ApiErrors(400, 404, 409, 413)
  async resolve(
    @Param('name') name: string,
    @Param('key') key: string,
    @Body() { note }: NoteDto,
  ): Promise<SagaDetailView> {
    await this.closing.close(name, key, note);
    return await this.get(name, key);
  }
}
